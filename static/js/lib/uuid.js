// Names for what a browser makes, and how to know one. Called by: the composer; whatever builds an address of a name.
// Why: crypto.randomUUID is missing on plain http outside localhost, as in a local network.

/** What any UUID looks like, as a part of a pattern. */
export const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

export function isUuid(text) {
  return new RegExp(`^${UUID}$`).test(text);
}

/** A random UUID of version 4. */
export function uuid(source = globalThis.crypto) {
  if (source.randomUUID) return source.randomUUID();
  const bytes = source.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
