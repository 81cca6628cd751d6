/** In place of node:os. Crews are threads of Node, so that there is one here. */
export const availableParallelism = () => 1
