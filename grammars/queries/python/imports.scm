; @import holds what belongs to one module; @import.alias is what the @import.name before it is
; called here, or the module where there is none.
(import_statement name: (dotted_name) @import.module @import)
(import_statement name: (aliased_import name: (_) @import.module alias: (_) @import.alias) @import)
(import_from_statement module_name: (_) @import.module) @import
(import_from_statement name: (dotted_name) @import.name) @import
(import_from_statement name: (aliased_import name: (_) @import.name alias: (_) @import.alias)) @import
(future_import_statement "__future__" @import.module) @import
(future_import_statement name: (dotted_name) @import.name) @import
