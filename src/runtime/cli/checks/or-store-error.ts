import { type StoreError, type StoreUnavailableError, storeError } from '../../../store/store-error.ts'

/** What comes of asking the database, a fault included, which is a finding here. */
export async function orStoreError<T>(
  action: () => Promise<T>,
): Promise<T | StoreError | StoreUnavailableError> {
  try {
    return await action()
  } catch (error) {
    return storeError(error)
  }
}
