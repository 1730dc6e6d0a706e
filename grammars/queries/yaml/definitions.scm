(block_mapping_pair key: (_) @name value: (block_node (block_mapping) @body)) @definition.module
(block_mapping_pair key: (_) @name value: (block_node (block_sequence) @body)) @definition.array
(block_mapping_pair key: (_) @name value: (flow_node (flow_mapping) @body)) @definition.module
(block_mapping_pair key: (_) @name value: (flow_node (flow_sequence) @body)) @definition.array
(block_mapping_pair key: (_) @name) @definition.property
(flow_pair key: (_) @name value: (flow_node (flow_mapping) @body)) @definition.module
(flow_pair key: (_) @name value: (flow_node (flow_sequence) @body)) @definition.array
(flow_pair key: (_) @name) @definition.property
