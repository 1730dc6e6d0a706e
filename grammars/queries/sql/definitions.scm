(create_table (object_reference schema: (_)? @scope name: (_) @name) (column_definitions)? @body) @definition.struct
(create_view (object_reference schema: (_)? @scope name: (_) @name) (create_query) @body) @definition.struct
(create_materialized_view (object_reference schema: (_)? @scope name: (_) @name) (create_query) @body) @definition.struct
(create_function (keyword_function) . (object_reference schema: (_)? @scope name: (_) @name) (function_arguments) @parameters (function_body)? @body) @definition.function
(create_type (object_reference schema: (_)? @scope name: (_) @name) (keyword_enum)) @definition.enum
(create_type (object_reference schema: (_)? @scope name: (_) @name)) @definition.struct
(create_index column: (_) @name) @definition.key
(create_trigger (keyword_trigger) . (object_reference schema: (_)? @scope name: (_) @name)) @definition.event
(create_sequence (keyword_sequence) . (object_reference schema: (_)? @scope name: (_) @name)) @definition.variable
(create_schema (identifier) @name) @definition.namespace
(create_database (identifier) @name) @definition.namespace
(column_definitions (column_definition name: (_) @name) @definition.field)
(enum_elements enum_element: (_) @name @definition.enum_member)
