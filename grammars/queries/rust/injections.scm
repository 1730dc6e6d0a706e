[(raw_string_literal) (string_literal)] @injection.string
