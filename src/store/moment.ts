import { timestamp } from 'drizzle-orm/pg-core'

/** A time column. Milliseconds, as JavaScript has them: a finer time would not survive the round trip of a cursor. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' })
