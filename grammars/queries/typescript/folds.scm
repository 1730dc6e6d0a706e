; inherits: ecma
[(interface_body) (object_type) (enum_body) (type_parameters) (type_arguments)] @fold
