// Answers questions of cryptography from standard input, a JSON list, with node's own library.
'use strict';
const crypto = require('node:crypto');

const hex = (text) => Buffer.from(text, 'hex');
const lowered = (text) => {
  // One code point at a time: a word's lower case would know a final sigma. Trim() and
  // ToLowerInvariant() of .NET leave U+0130 as it is, and U+FEFF is no white space there.
  const white = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;
  const reversed = (value) => Array.from(value).reverse().join('');
  const trimmed = reversed(reversed(text.replace(white, '')).replace(white, ''));
  return Array.from(trimmed, (c) => (c === '\u0130' ? c : c.toLowerCase())).join('');
};

const answers = {
  verify: ({ pem, data, signature, dsaEncoding }) =>
    crypto.verify(null, hex(data), { key: pem, dsaEncoding }, hex(signature)),
  sign: ({ type, data }) => {
    const { publicKey, privateKey } = crypto.generateKeyPairSync(type, type === 'ec' ? { namedCurve: 'P-256' } : {});
    return {
      pkcs8: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      spki: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      signature: crypto.sign(type === 'ec' ? 'sha256' : null, hex(data), privateKey).toString('hex'),
    };
  },
  hmac: ({ hash, key, data }) => crypto.createHmac(hash, hex(key)).update(hex(data)).digest('hex'),
  sha3: ({ text }) => crypto.createHash('sha3-256').update(lowered(text)).digest('hex'),
  // open gives what a payload of docs/formats.md holds.
  open: ({ vector, payload }) => {
    const octets = Buffer.from(payload.replace(/^qa1\./, ''), 'base64url');
    const size = { 'ML-KEM-512': 768, 'ML-KEM-768': 1088, 'ML-KEM-1024': 1568 }[vector.algorithm];
    const header = octets.subarray(0, 25);
    const encapsulated = octets.subarray(25, 25 + size);
    const nonce = octets.subarray(25 + size, 37 + size);
    const oid = { 'ML-KEM-512': '0401', 'ML-KEM-768': '0402', 'ML-KEM-1024': '0403' }[vector.algorithm];
    // PKCS#8 of the seed alone (RFC 9935 section 6): [0] IMPLICIT OCTET STRING of 64 octets.
    const der = Buffer.concat([hex('3054020100300b060960864801650304' + oid + '04428040'), hex(vector.seed)]);
    const key = crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const shared = crypto.decapsulate(key, encapsulated);
    const prk = crypto.createHmac('sha256', hex(vector.secret)).update(shared).digest();
    const digest = crypto.createHash('sha256').update(encapsulated).digest();
    const expanded = crypto.createHmac('sha256', prk).update(Buffer.concat([header, digest, nonce, Buffer.from([1])])).digest();
    const additional = hex(vector.additionalData);
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(additional.length));
    const cipher = crypto.createDecipheriv('aes-256-gcm', expanded, nonce);
    cipher.setAAD(Buffer.concat([header, hex(vector.tenant.replaceAll('-', '')), length, additional]));
    cipher.setAuthTag(octets.subarray(-16));
    return Buffer.concat([cipher.update(octets.subarray(37 + size, -16)), cipher.final()]).toString('hex');
  },
};

const asked = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(asked.map(({ what, ...rest }) => {
  try {
    return { answer: answers[what](rest) };
  } catch (error) {
    return { error: error.message };
  }
})));
