/** What is there at once or comes later: on a hot path, to wait for what is there costs more than to make it. */
export type Eventually<T> = T | Promise<T>

/** What is made of a value, at once where that is there. */
export function after<T, U>(value: Eventually<T>, make: (value: T) => Eventually<U>): Eventually<U> {
  return value instanceof Promise ? value.then(make) : make(value)
}
