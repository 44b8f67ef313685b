/**
 * The page's one Trusted Types policy: it lets the page's own worker scripts through and nothing else.
 *
 * The content security policy names `medrec-worker` and refuses every other way to turn a string into a script.
 */

/** Returns `url` as a trusted script address. Throws when it does not lie in the page's own origin. */
export function trustedWorkerUrl(url: URL | string): string {
  const address = new URL(url, self.location.href);
  if (address.origin !== self.location.origin) {
    throw new TypeError(`worker script of another origin: ${address.origin}`);
  }
  return policy === undefined ? address.href : policy.createScriptURL(address.href);
}

interface Policy {
  createScriptURL(url: string): string;
}

interface TrustedTypesFactory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): Policy;
}

// Typed by hand: the DOM library of TypeScript does not know Trusted Types in every version we build with, and a
// TrustedScriptURL stands wherever a string does.
const factory = (self as { trustedTypes?: TrustedTypesFactory }).trustedTypes;
const policy = factory?.createPolicy('medrec-worker', { createScriptURL: (url) => url });
