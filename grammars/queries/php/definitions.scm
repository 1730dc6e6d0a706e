(namespace_definition name: (_) @name body: (_) @body) @definition.namespace
(namespace_definition name: (_) @name !body) @definition.namespace @section
(class_declaration name: (name) @name body: (declaration_list) @body) @definition.class
(interface_declaration name: (name) @name body: (declaration_list) @body) @definition.interface
(trait_declaration name: (name) @name body: (declaration_list) @body) @definition.class
(enum_declaration name: (name) @name body: (_) @body) @definition.enum
(enum_case name: (name) @name) @definition.enum_member
(function_definition name: (name) @name parameters: (formal_parameters) @parameters body: (compound_statement) @body) @definition.function
(method_declaration name: (name) @name parameters: (formal_parameters) @parameters body: (compound_statement)? @body (#eq? @name "__construct")) @definition.constructor
(method_declaration name: (name) @name parameters: (formal_parameters) @parameters body: (compound_statement)? @body) @definition.method
(const_declaration (const_element . (name) @name)) @definition.constant
(expression_statement (function_call_expression function: (name) @_define arguments: (arguments . (argument (string (string_content) @name))) (#eq? @_define "define"))) @definition.constant
(property_declaration (property_element name: (variable_name (name) @name))) @definition.property
(property_promotion_parameter name: (variable_name (name) @name)) @definition.property
(program (expression_statement (assignment_expression left: (variable_name (name) @name) right: [(anonymous_function parameters: (_) @parameters body: (_) @body) (arrow_function parameters: (_) @parameters body: (_) @body)])) @definition.function)
