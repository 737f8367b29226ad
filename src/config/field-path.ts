const nameShape = /^[A-Za-z_$][\w$-]{0,39}$/

/** The path of a member: `options.w`, `replicas[2]`, or `w` at the top, where `parent` is empty. */
export function fieldPath(parent: string, member: string | number): string {
  if (typeof member === 'number') return `${parent}[${member}]`
  const name = nameForMessage(member)
  return parent === '' ? name : `${parent}.${name}`
}

/** A name as it may be shown: what does not look like a name may be a misplaced connection string, and stays hidden. */
export function nameForMessage(name: string): string {
  return nameShape.test(name) ? name : '(a name that is not shown)'
}
