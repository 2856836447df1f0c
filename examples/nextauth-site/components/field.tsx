'use client'

import { type InputHTMLAttributes, useState } from 'react'
import type { Words } from '@/lib/words'

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly name: keyof Words['fields']
  readonly words: Words
  /** What is wrong with it. */
  readonly problem?: string | undefined
  readonly hasHint?: boolean
}

/** One field with its label, its hint and what is wrong with it, all told to whoever cannot see them. */
export function Field({ name, words, problem, hasHint = true, type = 'text', ...input }: FieldProps) {
  const [isShown, show] = useState(false)
  const { label, hint } = words.fields[name]
  const about = [hasHint && hint && `${name}-hint`, problem && `${name}-problem`].filter(Boolean).join(' ')
  return (
    <div className="field">
      <label htmlFor={name}>{label}</label>
      <input
        id={name}
        name={name}
        type={type === 'password' && isShown ? 'text' : type}
        required
        aria-invalid={problem !== undefined}
        aria-describedby={about || undefined}
        {...input}
      />
      {problem && (
        <p className="problem" id={`${name}-problem`}>
          {problem}
        </p>
      )}
      {hasHint && hint && (
        <p className="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {type === 'password' && (
        <label className="check">
          <input type="checkbox" checked={isShown} onChange={(event) => show(event.target.checked)} />
          {words.showPassword}
        </label>
      )}
    </div>
  )
}
