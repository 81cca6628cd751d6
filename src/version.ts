import packageJson from '../package.json' with { type: 'json' }

export const HOPLITE_VERSION: string = packageJson.version
