(class name: (_) @name body: (_)? @body) @definition.class
(module name: (_) @name body: (_)? @body) @definition.module
(method name: (identifier) @name parameters: (_)? @parameters body: (_)? @body (#eq? @name "initialize")) @definition.constructor
(method name: (_) @name parameters: (_)? @parameters body: (_)? @body) @definition.function
(singleton_method object: [(constant) (scope_resolution)] @scope name: (_) @name parameters: (_)? @parameters body: (_)? @body) @definition.method
(singleton_method name: (_) @name parameters: (_)? @parameters body: (_)? @body) @definition.method
(assignment left: (constant) @name right: (call receiver: (constant) @_maker method: (identifier) @_new block: (_)? @body) (#any-of? @_maker "Struct" "Class" "Data") (#any-of? @_new "new" "define")) @definition.class
(assignment left: (constant) @name) @definition.constant
(call !receiver method: (identifier) @_word arguments: (argument_list (simple_symbol) @name) (#any-of? @_word "attr_accessor" "attr_reader" "attr_writer")) @definition.property
(call !receiver method: (identifier) @_word arguments: (argument_list . (simple_symbol) @name) (#any-of? @_word "define_method" "alias_method")) @definition.method
(alias name: (_) @name) @definition.method
