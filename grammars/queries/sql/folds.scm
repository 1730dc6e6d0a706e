[(statement) (column_definitions) (list) (subquery) (case) (block)] @fold
[(comment) (marginalia)] @fold.comment
