/**
 * Self-contained HTML pages of results.
 *
 * @module
 */

export type { BarrierReport } from '../report/barrierModel.ts'
export { renderBarrierReport } from '../report/barrierPage.ts'
export type { TransportReport } from '../report/model.ts'
export { renderTransportReport } from '../report/page.ts'
