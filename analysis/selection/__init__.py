"""Which organisms does a detector leave when those that it catches are thrown away and grown anew?"""
