import { growthParts } from './growth/names.ts'
import { jobNames } from './jobs/names.ts'

/** All that the bench can measure, in the order of the page. */
export const partNames = [...jobNames, 'workers', ...growthParts] as const
