// A server of mutual TLS as the options on standard input say. Prints its port, then for each
// connection what it saw of the client as one line of JSON.
'use strict';
const tls = require('node:tls');
const { X509Certificate } = require('node:crypto');

const { status = '200 OK', ...options } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const say = (found) => console.log(JSON.stringify(found));

const server = tls.createServer({ requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3', ...options }, (socket) => {
  const certificate = new X509Certificate(socket.getPeerX509Certificate().raw);
  say({
    protocol: socket.getProtocol(),
    authorized: socket.authorized,
    key: certificate.publicKey.asymmetricKeyType,
    subject: certificate.subjectAltName,
    resumed: socket.isSessionReused(),
  });
  socket.on('error', () => {});
  socket.once('data', () => socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`));
});
server.on('tlsClientError', (error) => say({ error: error.code || error.message }));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
