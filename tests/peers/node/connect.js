// One TLS connection as the options on standard input say; prints what was negotiated as JSON.
'use strict';
const tls = require('node:tls');
const { X509Certificate } = require('node:crypto');

const options = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const socket = tls.connect({ host: '127.0.0.1', servername: 'localhost', ...options });

socket.on('error', (error) => {
  console.log(JSON.stringify({ error: error.code || error.message, message: error.message }));
  process.exit(0);
});
socket.on('secureConnect', () => {
  const certificate = new X509Certificate(socket.getPeerX509Certificate().raw);
  const found = {
    protocol: socket.getProtocol(),
    cipher: socket.getCipher().name,
    group: socket.getEphemeralKeyInfo(),
    authorized: socket.authorized,
    key: certificate.publicKey.asymmetricKeyType,
    subject: certificate.subjectAltName,
    issuer: certificate.issuer,
    reply: '',
  };
  socket.setEncoding('utf8');
  socket.on('data', (text) => { found.reply += text; });
  socket.on('end', () => console.log(JSON.stringify(found)));
  socket.write('GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
});
