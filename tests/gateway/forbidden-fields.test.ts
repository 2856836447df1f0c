import { describe, expect, it } from 'vitest'
import { isForbiddenField, plainName } from '../../src/gateway/forbidden-fields.ts'

/** All that RFC 9110 §5.6.2 allows in a field name beside letters, digits and the dash. */
const signs = [..."!#$%&'*+.^_`|~"]

describe('the one spelling of a field name', () => {
  it.each(signs)('reads %s as the dash that CGI and its kin make one variable with', (sign) => {
    expect(plainName(`X${sign}Auth${sign}Key-Id`)).toBe('x-auth-key-id')
    expect(isForbiddenField(`X${sign}Auth-Subject`)).toBe(true)
    expect(isForbiddenField(`X${sign}Forwarded${sign}For`)).toBe(true)
  })

  it('leaves other names apart', () => {
    expect(plainName('X-Author')).toBe('x-author')
    expect(isForbiddenField('X.Author')).toBe(false)
  })
})
