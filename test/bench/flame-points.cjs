// Loaded before the program by flame.ts: says on descriptor 9, as JSON, how much CPU the process had taken and how late it was when a
// warm run came to each of its points. Nothing of the program is changed: its bundles, which are the binary's assets
// otherwise, come from the folder of main.js, and what it does is seen at Node's own modules.
'use strict';
const fs = require('node:fs');
const { dirname, join } = require('node:path');
const Module = require('node:module');

const folder = dirname(process.argv[1]);
const started = Date.now() - performance.now() + performance.nodeTiming.nodeStart;
const points = [];
const seen = new Set();

function reach(name) {
  if (seen.has(name)) return;
  seen.add(name);
  const { user, system } = process.cpuUsage();
  points.push({ name, cpuMs: (user + system) / 1000, wallMs: Date.now() - started });
}

reach('Node starts');
process.on('exit', () => {
  reach('close, exit');
  fs.writeSync(9, JSON.stringify(points));
});

const sea = {
  getRawAsset(name) {
    if (name === 'kube.js') reach('command line');
    if (name === 'session.js') reach('connection begun');
    return Uint8Array.from(fs.readFileSync(join(folder, name))).buffer;
  },
};
const { getBuiltinModule } = process;
process.getBuiltinModule = (id) => {
  if (id === 'node:sea') return sea;
  const found = getBuiltinModule.call(process, id);
  if (id === 'node:tls') watch(found);
  return found;
};
const load = Module._load;
Module._load = (id, ...rest) => (id === 'node:sea' ? sea : load(id, ...rest));

const { openSync } = fs;
fs.openSync = (file, ...rest) => {
  if (file === process.env.KUBECONFIG) reach('kube bundle, modules for TLS');
  return openSync(file, ...rest);
};

/** Sees each connection. Not before the program asks for the module: loading it takes some milliseconds. */
function watch(tls) {
  if (tls.connect.isWatched) return;
  const { connect } = tls;
  tls.connect = (...words) => follow(connect(...words));
  tls.connect.isWatched = true;
}

function follow(socket) {
  reach('kubeconfig, TLS set up');
  const { write } = socket;
  socket.once('secureConnect', () => reach('handshake'));
  socket.write = (data, ...rest) => {
    if (typeof data === 'string') reach(data.includes('/exec?') ? 'pod judged' : 'session bundle, GET written');
    return write.call(socket, data, ...rest);
  };
  let parts = 0;
  socket.prependListener('data', (bytes) => {
    const isUpgraded = bytes.toString('latin1', 0, 12) === 'HTTP/1.1 101';
    // Guard.sh's word for the end of the command is between such bytes.
    if (seen.has('upgrade accepted') && bytes.includes(0x1e)) reach("command's end, on the far side");
    else if (isUpgraded) reach('upgrade accepted');
    else if (parts++ === 0) reach('GET and its answer');
  });
  return socket;
}
