/** Says whether a fault is that the store cannot serve now. By its name, since its class is the store's own. */
export function isStoreUnavailable(fault: unknown): boolean {
  return fault instanceof Error && fault.name === 'StoreUnavailableError'
}
