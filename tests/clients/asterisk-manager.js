// usage: asterisk-manager.js PORT TECH
'use strict';
const { EventEmitter } = require('events');
const Manager = require('asterisk-manager');
const { tutorial, fail } = require('./tutorial');

const [port, tech] = process.argv.slice(2);
const manager = new Manager(Number(port), '127.0.0.1', 'admin', 'admin-secret', true);
const events = new EventEmitter();
manager.on('managerevent', (event) => events.emit('event', event));
manager.on('error', fail);
manager.on('close', () => fail('the server closed the connection'));
const ask = (action) => new Promise((resolve) => manager.action(
  // its own examples write names in lower case
  Object.keys(action).reduce((all, key) => Object.assign(all, { [key.toLowerCase()]: action[key] }), {}),
  (error, response) => resolve(error || response)));
tutorial(ask, events, tech).catch(fail);
