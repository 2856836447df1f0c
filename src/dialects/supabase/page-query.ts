import { z } from '@hono/zod-openapi'
import type { AccountQuery } from '../../core/accounts/page-accounts.ts'
import type { AnswerHeaders } from '../../http/reply.ts'

/** What a page of users is asked by: texts, since clients send empty ones. */
export const pageQuery = z.object({
  page: z.string().optional().openapi({ description: 'From 1.' }),
  per_page: z.string().optional().openapi({ description: '50, and 1000 at most.' }),
  filter: z.string().max(1000, 'At most 1000 characters.').optional().openapi({
    description: 'What the address has in it.',
  }),
  sort: z.string().optional().openapi({ description: '`created_at desc`, or `created_at asc`.' }),
})

const PER_PAGE = 50
const PER_PAGE_MAX = 1000
/** Beyond them nobody has users, and no database a row. */
const PAGE_MAX = 1_000_000_000

/** Reads which page is asked for, or answers what is wrong with the question, in upstream's words. */
export function readPageQuery({
  page,
  per_page,
  filter,
  sort,
}: z.output<typeof pageQuery>): AccountQuery | string {
  const number = readWhole(page, 1)
  const size = readWhole(per_page, PER_PAGE)
  if (number === undefined || size === undefined) return 'Bad Pagination Parameters: a whole number is needed'
  const order = sort === undefined || sort === '' ? 'newest' : orders.get(sort.trim().toLowerCase())
  if (order === undefined) return 'Bad Sort Parameters: only created_at asc and created_at desc are known'
  return {
    page: Math.min(number, PAGE_MAX),
    perPage: Math.min(size, PER_PAGE_MAX),
    filter: filter === '' ? undefined : filter,
    order,
  }
}

const orders: ReadonlyMap<string, AccountQuery['order']> = new Map([
  ['created_at', 'newest'],
  ['created_at desc', 'newest'],
  ['created_at asc', 'oldest'],
])

function readWhole(text: string | undefined, standing: number): number | undefined {
  if (text === undefined || text === '') return standing
  if (!/^\d{1,19}$/.test(text)) return undefined
  return Number(text) || standing
}

/** How many there are, and where the pages beside are: with the page before all else, where clients look for it. */
export function pageHeaders({ page, perPage }: AccountQuery, total: number): AnswerHeaders {
  const last = Math.max(1, Math.ceil(total / perPage))
  const link = (to: number, rel: string) => `</admin/users?page=${to}&per_page=${perPage}>; rel="${rel}"`
  const links = [...(page < last ? [link(page + 1, 'next')] : []), link(last, 'last')]
  return { 'X-Total-Count': String(total), Link: links.join(', ') }
}
