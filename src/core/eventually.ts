/** What is there at once or comes later: on a hot path, to wait for what is there costs more than to make it. */
export type Eventually<T> = T | Promise<T>

/** What is made of a value, at once where that is there. */
export function after<T, U>(value: Eventually<T>, make: (value: T) => Eventually<U>): Eventually<U> {
  return isThenable(value) ? Promise.resolve(value).then(make) : make(value)
}

/** Also of another kind than the platform's: to take one for the value would be to pass over all that it waits for. */
function isThenable<T>(value: Eventually<T>): value is Promise<T> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function'
}
