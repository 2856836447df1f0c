/** A prime, so that neither milliseconds in a row nor whole seconds fall into the same few places. */
const PLACES = 509

/** A moment as RFC 3339 has it, in UTC with milliseconds. @throws RangeError for a `Date` that is none */
export const momentText = remembered((moment) => moment.toISOString())

/** The same with whole seconds: for times that equal a JWT's `exp`. */
export const wholeSecondsText = remembered((moment) => `${moment.toISOString().slice(0, -'.000Z'.length)}Z`)

/**
 * Keeps the last text in each of a few places: a call writes some ten times, most of them the same as those of the calls
 * around it, and to spell one takes as long as to look through a JSON object.
 */
function remembered(spell: (moment: Date) => string): (moment: Date) => string {
  const moments = new Float64Array(PLACES).fill(Number.NaN)
  const texts = Array.from({ length: PLACES }, () => '')
  return (moment) => {
    const ms = moment.getTime()
    const place = Math.abs(ms % PLACES)
    const known = moments[place] === ms ? texts[place] : undefined
    if (known !== undefined) return known
    const text = spell(moment)
    moments[place] = ms
    texts[place] = text
    return text
  }
}
