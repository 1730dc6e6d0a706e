[(raw_string_literal) (string_literal) (interpolated_string_expression)] @injection.string
