import { defineConfig } from 'vitest/config'

/** Physical validation: minutes of dynamics. `npm run test:physics` runs it and renews the table in docs/reliability.md. */
export default defineConfig({
  test: {
    include: ['test/physics/**/*.test.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    maxWorkers: '100%',
  },
})
