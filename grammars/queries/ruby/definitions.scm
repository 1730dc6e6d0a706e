(class name: (_) @name body: (_)? @body) @definition.class
(module name: (_) @name body: (_)? @body) @definition.module
(method name: (_) @name parameters: (_)? @parameters body: (_)? @body) @definition.function
(singleton_method name: (_) @name parameters: (_)? @parameters body: (_)? @body) @definition.method
