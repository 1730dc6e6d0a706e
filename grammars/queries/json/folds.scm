[(object) (array)] @fold
