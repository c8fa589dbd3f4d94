// usage: asterisk-ami-client.js PORT TECH
'use strict';
const { EventEmitter } = require('events');
const AmiClient = require('asterisk-ami-client');
const { tutorial, fail } = require('./tutorial');

const [port, tech] = process.argv.slice(2);
const client = new AmiClient({ keepAlive: true, keepAliveDelay: 200 });
const events = new EventEmitter();
const lower = (message) => Object.keys(message).reduce(
  (all, key) => Object.assign(all, { [key.toLowerCase()]: message[key] }), {});
client.on('event', (event) => events.emit('event', lower(event)));
client.on('internalError', fail);
client.on('disconnect', () => fail('the server closed the connection'));
let ids = 0;
const ask = (action) => client.action(Object.assign({ ActionID: `ask-${ids += 1}` }, action), true).then(lower);
client.connect('admin', 'admin-secret', { host: '127.0.0.1', port: Number(port) })
  .then(() => tutorial(ask, events, tech))
  .catch(fail);
