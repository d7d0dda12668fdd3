// Loaded before http-cache-tests' origin: it listens on loopback only, and under /api/, as the upstream it plays does.
const http = require('http')

const { listen, emit } = http.Server.prototype
http.Server.prototype.listen = function (port) {
  return listen.call(this, port, '127.0.0.1')
}
http.Server.prototype.emit = function (event, request, ...rest) {
  if (event === 'request') request.url = request.url.replace(/^\/api(?=\/)/, '')
  return emit.call(this, event, request, ...rest)
}
