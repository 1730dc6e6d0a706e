(function_item name: (identifier) @name parameters: (parameters) @parameters body: (block) @body) @definition.function
(struct_item name: (type_identifier) @name) @definition.struct
(enum_item name: (type_identifier) @name body: (_) @body) @definition.enum
(trait_item name: (type_identifier) @name body: (declaration_list) @body) @definition.interface
(impl_item type: (_) @name body: (declaration_list) @body) @definition.class
(mod_item name: (identifier) @name body: (declaration_list) @body) @definition.module
(macro_definition name: (identifier) @name) @definition.function
