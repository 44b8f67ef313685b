/** Whether the browser may clear what this page stores when it runs short of room; nothing where it cannot tell. */
export async function isKept(): Promise<boolean | undefined> {
  return 'storage' in navigator && 'persisted' in navigator.storage ? navigator.storage.persisted().catch(() => undefined) : undefined;
}

/** Asks the browser to keep it; some ask the person, others decide by how often the page is used. */
export async function keep(): Promise<boolean | undefined> {
  return 'storage' in navigator && 'persist' in navigator.storage ? navigator.storage.persist().catch(() => undefined) : undefined;
}
