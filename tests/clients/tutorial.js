// The tutorial's campaign (park), as a script of one of the client libraries runs it. A library is given as
//   ask(action) -> Promise of the response, events: an EventEmitter of 'event'; all header names in lower case.
'use strict';

const fail = (text) => { console.error(text); process.exit(1); };

// Resolves with the first event, past or to come, that fits.
function listener(events) {
  const seen = [], waiting = [];
  events.on('event', (event) => {
    seen.push(event);
    waiting.slice().forEach((one) => one(event));
  });
  const wait = (name, fits = () => true) => new Promise((resolve) => {
    const test = (event) => String(event.event).toLowerCase() === name.toLowerCase() && fits(event);
    const found = seen.find(test);
    if (found) { resolve(found); return; }
    const one = (event) => {
      if (!test(event)) return;
      waiting.splice(waiting.indexOf(one), 1);
      resolve(event);
    };
    waiting.push(one);
  });
  return { wait, seen };
}

async function tutorial(ask, events, tech) {
  const { wait, seen } = listener(events);
  const must = async (action) => {
    const response = await ask(action);
    if (response.response !== 'Success') fail(`${action.Action}: ${JSON.stringify(response)}`);
    return response;
  };
  const make = async (noun, headers) => {
    const response = await must(Object.assign({ Action: `Out${noun}Create`, Detail: 'by a client library' }, headers));
    if (!/ created successfully$/.test(response.message)) fail(JSON.stringify(response));
    return (await wait(`Out${noun}Create`, (event) => !headers.Name || event.name === headers.Name)).uuid;
  };
  const plan = await make('Plan', { Name: 'sales_plan', DialMode: 1, TechName: tech });
  const dlma = await make('Dlma', { Name: 'sales_list' });
  const dest = await make('Destination', { Name: 'sales_dest', Type: 1, Application: 'park' });
  await make('DlList', { Name: 'client 01', DlmaUuid: dlma, Number1: '300' });
  const camp = await make('Campaign', { Name: 'sales', Plan: plan, Dlma: dlma, Dest: dest });
  const settings = await must({ Action: 'CoreSettings' });
  await must({ Action: 'QueueAdd', Queue: 'sales_1', Interface: 'Local/nobody@far' });
  await must({ Action: 'OutCampaignUpdate', Uuid: camp, Status: 1 });
  const call = (await wait('OutDialingCreate', (event) => event.campuuid === camp)).uuid;
  await wait('Newchannel', (event) => event.uniqueid === call);
  await wait('ParkedCall', (event) => event.parkeeuniqueid === call);
  await must({ Action: 'CoreShowChannels' });
  await wait('CoreShowChannel', (event) => event.uniqueid === call);
  await wait('CoreShowChannelsComplete');
  await must({ Action: 'OutDialingShow' });
  await wait('OutDialingEntry', (event) => event.uuid === call);
  await wait('OutDialingListComplete');
  await must({ Action: 'Hangup', Channel: call });
  await wait('OutDialingDelete', (event) => event.uuid === call);
  await wait('OutCampaignUpdate', (event) => event.uuid === camp && event.status === '0');
  await must({ Action: 'QueueRemove', Queue: 'sales_1', Interface: 'Local/nobody@far' });
  const refused = await ask({ Action: 'OutCampaignDelete', Uuid: 'nobody' });
  if (refused.response !== 'Error') fail(JSON.stringify(refused));
  console.log(JSON.stringify({
    call, camp, version: settings.asteriskversion, events: Array.from(new Set(seen.map((event) => event.event))),
  }));
  process.exit(0);
}

module.exports = { tutorial, fail };
