throw new Error('no such thing as a kernel')
