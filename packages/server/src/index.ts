/** The service for embedding: compose it with a configuration, then listen. */
export { createService, type Service, type ServiceOptions } from './app.ts';
export type { App } from './app-type.ts';
export { type Config, ConfigError, type ConfigProblem, EXIT_CONFIG, type LogLevel } from './config/config.ts';
export { configHelp, configMarkdown } from './config/reference.ts';
export { type LoadedConfig, loadConfig } from './config/resolve-config.ts';
export { createLogger } from './ops/logging.ts';
