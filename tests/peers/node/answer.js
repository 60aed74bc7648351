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
  ...require('./payload.js'),
};

const asked = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(asked.map(({ what, ...rest }) => {
  try {
    return { answer: answers[what](rest) };
  } catch (error) {
    return { error: error.message };
  }
})));
