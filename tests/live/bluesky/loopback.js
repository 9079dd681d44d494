// Preloaded before everything else: whatever listens, listens on 127.0.0.1 only.
const net = require('node:net')

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...args) {
  const options = args.find((arg) => arg !== null && typeof arg === 'object')
  if (options && options.path === undefined) {
    options.host = '127.0.0.1'
  } else if (!options && /^\d+$/.test(String(args[0] ?? 0))) {
    const rest = args.slice(1).filter((arg) => typeof arg === 'function')
    return listen.call(this, { port: Number(args[0] ?? 0), host: '127.0.0.1' }, ...rest)
  }
  return listen.apply(this, args)
}
