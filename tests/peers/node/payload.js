// Payloads by docs/formats.md alone, with node's own ML-KEM, HKDF and AES-GCM.
'use strict';
const crypto = require('node:crypto');

const hex = (text) => Buffer.from(text, 'hex');
const SIZES = { 'ML-KEM-512': 768, 'ML-KEM-768': 1088, 'ML-KEM-1024': 1568 };
const OIDS = { 'ML-KEM-512': '0401', 'ML-KEM-768': '0402', 'ML-KEM-1024': '0403' };

// PKCS#8 of the seed alone (RFC 9935 section 6): [0] IMPLICIT OCTET STRING of 64 octets.
const keyOfSeed = (algorithm, seed) =>
  crypto.createPrivateKey({
    key: Buffer.concat([hex('3054020100300b060960864801650304' + OIDS[algorithm] + '04428040'), hex(seed)]),
    format: 'der',
    type: 'pkcs8',
  });

const publicKeyOf = (form, text) => {
  if (form === 'jwk') return crypto.createPublicKey({ key: JSON.parse(text), format: 'jwk' });
  if (form === 'der') return crypto.createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
  return crypto.createPublicKey(text);
};

const fieldKey = (shared, secret, header, encapsulated, nonce) => {
  const digest = crypto.createHash('sha256').update(encapsulated).digest();
  return Buffer.from(crypto.hkdfSync('sha256', shared, hex(secret), Buffer.concat([header, digest, nonce]), 32));
};

const associated = (header, tenant, additional) => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(additional.length));
  return Buffer.concat([header, hex(tenant.replaceAll('-', '')), length, additional]);
};

// open gives what a payload (hex) holds.
const open = ({ algorithm, seed, secret, tenant, additional, payload }) => {
  const octets = hex(payload);
  const size = SIZES[algorithm];
  const header = octets.subarray(0, 25);
  const encapsulated = octets.subarray(25, 25 + size);
  const nonce = octets.subarray(25 + size, 37 + size);
  const shared = crypto.decapsulate(keyOfSeed(algorithm, seed), encapsulated);
  const cipher = crypto.createDecipheriv('aes-256-gcm', fieldKey(shared, secret, header, encapsulated, nonce), nonce);
  cipher.setAAD(associated(header, tenant, hex(additional)));
  cipher.setAuthTag(octets.subarray(-16));
  return Buffer.concat([cipher.update(octets.subarray(37 + size, -16)), cipher.final()]).toString('hex');
};

// seal makes a payload (hex) of each field, all of one encapsulation to an exported public key.
const seal = ({ form, publicKey, secret, tenant, header, nonces, fields }) => {
  const { sharedKey, ciphertext } = crypto.encapsulate(publicKeyOf(form, publicKey));
  return fields.map(([plaintext, additional], index) => {
    const nonce = hex(nonces[index]);
    const key = fieldKey(sharedKey, secret, hex(header), ciphertext, nonce);
    const cipher = crypto.createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(associated(hex(header), tenant, hex(additional)));
    const sealed = [cipher.update(hex(plaintext)), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat([hex(header), ciphertext, nonce, ...sealed]).toString('hex');
  });
};

// kem makes a key: what /keys/import takes, by format, its public key in DER and its seed.
const kem = ({ algorithm }) => {
  const { publicKey, privateKey } = crypto.generateKeyPairSync(algorithm.toLowerCase());
  const jwk = privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(jwk.priv, 'base64url');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const forms = {
    raw: seed.toString('base64'),
    pem,
    pkcs8: pem,
    der: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    jwk: JSON.stringify(jwk),
  };
  return { forms, spki: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'), seed: seed.toString('hex') };
};

module.exports = { open, seal, kem };
