import { ConfigError } from '../../src/errors.ts'

/** `user:password@`, but for a single letter and a folder, which is a drive of Windows; or a password among parameters. */
const credentials = /^[^/\\]*:[^/\\]*@|^(?:[^/\\:]{2,})?:.*@|[?&](?:pass|pwd)\w*=/i

/**
 * What has neither user nor password would take them for a part of its name, and names are shown.
 * @throws ConfigError when there are some
 */
export function assertNoCredentials(name: string, field: string): void {
  if (credentials.test(name)) throw new ConfigError(field, 'a name without user or password: it has neither')
}
