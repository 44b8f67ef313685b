// Loaded before the EthereumJS client: keeps it on loopback, mends what it believes about its own path, and ends it with
// the process that started it.
const dgram = require('node:dgram');
const fs = require('node:fs');
const http = require('node:http');
const { syncBuiltinESMExports } = require('node:module');
const net = require('node:net');
const path = require('node:path');

// It listens for peers on every interface of the machine, whatever it is told. Here everything it opens gets a free
// port of 127.0.0.1; the parent process hears which one JSON-RPC got.
const loopback = { host: '127.0.0.1', address: '127.0.0.1', port: 0 };
const callback = (args) => args.findLast((arg) => typeof arg === 'function');
const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (...args) {
  if (this instanceof http.Server) this.once('listening', () => process.send({ port: this.address().port }));
  return listen.call(this, loopback, callback(args));
};
const { bind } = dgram.Socket.prototype;
dgram.Socket.prototype.bind = function (...args) {
  return bind.call(this, loopback, callback(args));
};

// It looks for its package.json where its path first says `client`, which may be in the path of the project.
const itsPackage = path.join(__dirname, 'node_modules/@ethereumjs/client/package.json');
const { readFileSync } = fs;
fs.readFileSync = (file, ...rest) =>
  readFileSync(String(file).endsWith('client/package.json') ? itsPackage : file, ...rest);
syncBuiltinESMExports();

process.once('disconnect', () => process.exit());
