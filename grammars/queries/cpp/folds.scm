; inherits: c
[(declaration_list) (template_parameter_list) (template_argument_list) (raw_string_literal)] @fold
[(import_declaration) (using_declaration)] @fold.imports
