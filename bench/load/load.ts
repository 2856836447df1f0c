import type { Contender, HttpRequest } from '../contender.ts'

export interface LoadOrder {
  readonly contender: Contender
  readonly requests: readonly HttpRequest[]
  readonly seconds: number
  /** So many calls a second, whatever the answers do; not given: as many as the server takes. */
  readonly rate?: number | undefined
}

export interface LoadFigures {
  readonly completed: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface Load {
  readonly name: string
  /** Whether it can send at a rate without sending a second's calls in one burst. */
  readonly canPace: boolean
  /** @throws Error when an answer had another status than the contender's, or did not come */
  readonly run: (order: LoadOrder) => Promise<LoadFigures>
}

/** Calls under way at once, when a server is driven as hard as it goes. */
export const connections = 64
