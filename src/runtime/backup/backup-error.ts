/** A backup cannot be made or put back, for a reason that the operator can mend: shown as one line, without a stack. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}
