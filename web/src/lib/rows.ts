// Rows as the API gives them: the columns of the SQL views. Only what the pages show is named.

export interface Session {
  id: string;
  agent: string;
  title: string | null;
  project_dir: string | null;
  branch: string | null;
  model: string | null;
  parent_id: string | null;
  status: 'running' | 'waiting' | 'paused' | 'completed' | 'failed' | 'interrupted';
  spawned_at: string;
  ended_at: string | null;
  exit_code: number | null;
  command: string | null;
  prompts: number;
  replies: number;
  tool_calls: number;
  tool_errors: number;
  commands: number;
  files_touched: number;
  errors: number;
  events: number;
  lines: number;
  unknown_lines: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number | null;
  duration_ms: number | null;
  lost_bytes: number;
}

export interface Event {
  id: number;
  session_id: string;
  seq: number;
  timestamp: string | null;
  event_type: string;
  tool_name: string | null;
  tool_call_id: string | null;
  file_path: string | null;
  operation: string | null;
  command: string | null;
  command_category: string | null;
  exit_code: number | null;
  duration_ms: number | null;
  status: string | null;
  content: string | null;
  source: string | null;
  metadata_json: Record<string, unknown> | null;
  pattern: string | null;
  matched_value: string | null;
  original_line: string | null;
  line_number: number | null;
  risk_level: string | null;
}
