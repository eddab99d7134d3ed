CREATE TABLE `account` (
  `id` text PRIMARY KEY,
  `email` text NOT NULL,
  `url` text NOT NULL,
  `access_token` text NOT NULL,
  `refresh_token` text NOT NULL,
  `token_expiry` integer,
  `time_created` integer NOT NULL,
  `time_updated` integer NOT NULL
  );
CREATE TABLE `credential` (
  `id` text PRIMARY KEY,
  `integration_id` text,
  `label` text NOT NULL,
  `value` text NOT NULL,
  `connector_id` text,
  `method_id` text,
  `active` integer,
  `time_created` integer NOT NULL,
  `time_updated` integer NOT NULL
  );
CREATE TABLE `project` (
  `id` text PRIMARY KEY,
  `worktree` text NOT NULL,
  `vcs` text,
  `name` text,
  `icon_url` text,
  `icon_url_override` text,
  `icon_color` text,
  `time_created` integer NOT NULL,
  `time_updated` integer NOT NULL,
  `time_initialized` integer,
  `sandboxes` text NOT NULL,
  `commands` text
  );
CREATE TABLE `message` (
  `id` text PRIMARY KEY,
  `session_id` text NOT NULL,
  `time_created` integer NOT NULL,
  `time_updated` integer NOT NULL,
  `data` text NOT NULL,
  CONSTRAINT `fk_message_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
  );
CREATE TABLE `part` (
  `id` text PRIMARY KEY,
  `message_id` text NOT NULL,
  `session_id` text NOT NULL,
  `time_created` integer NOT NULL,
  `time_updated` integer NOT NULL,
  `data` text NOT NULL,
  CONSTRAINT `fk_part_message_id_message_id_fk` FOREIGN KEY (`message_id`) REFERENCES `message`(`id`) ON DELETE CASCADE
  );
CREATE TABLE `session` (
  `id` text PRIMARY KEY,
  `project_id` text NOT NULL,
  `workspace_id` text,
  `parent_id` text,
  `slug` text NOT NULL,
  `directory` text NOT NULL,
  `path` text,
  `title` text NOT NULL,
  `version` text NOT NULL,
  `share_url` text,
  `summary_additions` integer,
  `summary_deletions` integer,
  `summary_files` integer,
  `summary_diffs` text,
  `metadata` text,
  `cost` real DEFAULT 0 NOT NULL,
  `tokens_input` integer DEFAULT 0 NOT NULL,
  `tokens_output` integer DEFAULT 0 NOT NULL,
  `tokens_reasoning` integer DEFAULT 0 NOT NULL,
  `tokens_cache_read` integer DEFAULT 0 NOT NULL,
  `tokens_cache_write` integer DEFAULT 0 NOT NULL,
  `revert` text,
  `permission` text,
  `agent` text,
  `model` text,
  `time_created` integer NOT NULL,
  `time_updated` integer NOT NULL,
  `time_compacting` integer,
  `time_archived` integer,
  CONSTRAINT `fk_session_project_id_project_id_fk` FOREIGN KEY (`project_id`) REFERENCES `project`(`id`) ON DELETE CASCADE
  );
CREATE TABLE `todo` (
  `session_id` text NOT NULL,
  `content` text NOT NULL,
  `status` text NOT NULL,
  `priority` text NOT NULL,
  `position` integer NOT NULL,
  `time_created` integer NOT NULL,
  `time_updated` integer NOT NULL,
  CONSTRAINT `todo_pk` PRIMARY KEY(`session_id`, `position`),
  CONSTRAINT `fk_todo_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
  );
CREATE INDEX `message_session_time_created_id_idx` ON `message` (`session_id`,`time_created`,`id`);
CREATE INDEX `part_message_id_id_idx` ON `part` (`message_id`,`id`);
CREATE INDEX `part_session_idx` ON `part` (`session_id`);
CREATE INDEX `session_project_idx` ON `session` (`project_id`);
CREATE INDEX `session_workspace_idx` ON `session` (`workspace_id`);
CREATE INDEX `session_parent_idx` ON `session` (`parent_id`);
CREATE INDEX `todo_session_idx` ON `todo` (`session_id`);
INSERT INTO project VALUES ('global', '/', NULL, NULL, NULL, NULL, NULL, 1795246390993, 1795246390993, NULL, '[]', NULL);
INSERT INTO project VALUES ('0a1b2c3d4e5f60718293a4b5c6d7e8f901234567', '/home/user/fib', 'git', NULL, NULL, NULL, NULL, 1795246464735, 1795247221027, NULL, '[]', NULL);
INSERT INTO session VALUES ('ses_e02f8deceffey1v4GfvE75bcjK', '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567', NULL, NULL, 'gentle-garden', '/home/user/fib', '', 'A fine title', '1.18.33', NULL, 0, 0, 0, NULL, NULL, 0.0105, 6930, 510, 340, 10200, 0, NULL, NULL, 'build', '{"id":"sub","providerID":"mock","variant":"default"}', 1795246465331, 1795247186393, NULL, NULL);
INSERT INTO message VALUES ('msg_1fd07233d001VHcJZOilp1eVVs', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246465853, 1795246473398, '{"role":"user","time":{"created":1795246465853},"agent":"build","model":{"providerID":"mock","modelID":"mock-model"},"summary":{"diffs":[]}}');
INSERT INTO part VALUES ('prt_1fd072352001fn29winE56dqSA', 'msg_1fd07233d001VHcJZOilp1eVVs', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246467763, 1795246467767, '{"type":"text","text":"\"Please write fib\""}');
INSERT INTO message VALUES ('msg_1fd072ad8001YxpxYeqh1aRLyQ', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246467800, 1795246470164, '{"parentID":"msg_1fd07233d001VHcJZOilp1eVVs","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.00061,"tokens":{"total":1050,"input":400,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"mock-model","providerID":"mock","time":{"created":1795246467800,"completed":1795246470162},"finish":"tool-calls"}');
INSERT INTO part VALUES ('prt_1fd073239001sKGHpqt4sXx5cj', 'msg_1fd072ad8001YxpxYeqh1aRLyQ', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246469689, 1795246469693, '{"type":"step-start"}');
INSERT INTO part VALUES ('prt_1fd07323f001uJGaoVxPWGkbxF', 'msg_1fd072ad8001YxpxYeqh1aRLyQ', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246469695, 1795246469703, '{"type":"reasoning","text":"First a look at the folder.","time":{"start":1795246469695,"end":1795246469701}}');
INSERT INTO part VALUES ('prt_1fd07324a001agrYFvqq6UDICj', 'msg_1fd072ad8001YxpxYeqh1aRLyQ', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246469706, 1795246469749, '{"type":"text","text":"I will look around.","time":{"start":1795246469706,"end":1795246469747}}');
INSERT INTO part VALUES ('prt_1fd073253001S5gF7mutTlA0Xc', 'msg_1fd072ad8001YxpxYeqh1aRLyQ', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246469715, 1795246469966, '{"type":"tool","tool":"bash","callID":"call_a1","state":{"status":"completed","input":{"command":"echo hello; exit 0","description":"say hi"},"output":"hello\n","metadata":{"output":"hello\n","exit":0,"truncated":false},"title":"echo hello; exit 0","time":{"start":1795246469732,"end":1795246469963}}}');
INSERT INTO part VALUES ('prt_1fd0733bf001J21hyUUuuUVCgT', 'msg_1fd072ad8001YxpxYeqh1aRLyQ', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246470079, 1795246470081, '{"reason":"tool-calls","type":"step-finish","tokens":{"total":1050,"input":400,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"cost":0.00061}');
INSERT INTO message VALUES ('msg_1fd073418001Nt547VuZxGok31', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246470168, 1795246470660, '{"parentID":"msg_1fd07233d001VHcJZOilp1eVVs","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.000611,"tokens":{"total":1051,"input":401,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"mock-model","providerID":"mock","time":{"created":1795246470168,"completed":1795246470658},"finish":"tool-calls"}');
INSERT INTO part VALUES ('prt_1fd07348e001HMDpt65uFCCQ4I', 'msg_1fd073418001Nt547VuZxGok31', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246470286, 1795246470334, '{"type":"tool","tool":"write","callID":"call_b1","state":{"status":"completed","input":{"filePath":"/home/user/fib/fib.py","content":"def fib(n):\n    return n\n\nprint(fib(10))\n"},"output":"Wrote file successfully.","metadata":{"diagnostics":{},"filepath":"/home/user/fib/fib.py","exists":false,"truncated":false},"title":"fib.py","time":{"start":1795246470293,"end":1795246470331}}}');
INSERT INTO part VALUES ('prt_1fd073498001GEy2qc63DrVomg', 'msg_1fd073418001Nt547VuZxGok31', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246470296, 1795246470397, '{"type":"tool","tool":"bash","callID":"call_b2","state":{"status":"completed","input":{"command":"ls /nonexistent; exit 3","description":"fails"},"output":"ls: cannot access ''/nonexistent'': No such file or directory\n","metadata":{"output":"ls: cannot access ''/nonexistent'': No such file or directory\n","exit":3,"truncated":false},"title":"ls /nonexistent; exit 3","time":{"start":1795246470304,"end":1795246470394}}}');
INSERT INTO part VALUES ('prt_1fd0735fe001wFNs2IN7sImDZb', 'msg_1fd073418001Nt547VuZxGok31', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246470654, 1795246470656, '{"type":"patch","hash":"173e5cac126638a26545e101a8be196f060b1d44","files":["/home/user/fib/fib.py"]}');
INSERT INTO message VALUES ('msg_1fd07375e0012zxD4zp8ZFNE6R', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246471006, 1795246471356, '{"parentID":"msg_1fd07233d001VHcJZOilp1eVVs","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.000613,"tokens":{"total":1053,"input":403,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"mock-model","providerID":"mock","time":{"created":1795246471006,"completed":1795246471355},"finish":"tool-calls"}');
INSERT INTO part VALUES ('prt_1fd0737f1001k5nLm5VlZNUE5I', 'msg_1fd07375e0012zxD4zp8ZFNE6R', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246471153, 1795246471194, '{"type":"tool","tool":"edit","callID":"call_d1","state":{"status":"completed","input":{"filePath":"/home/user/fib/fib.py","oldString":"    return n\n","newString":"    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a\n"},"output":"Edit applied successfully.","metadata":{"diagnostics":{},"filediff":{"file":"/home/user/fib/fib.py","additions":4,"deletions":1},"truncated":false},"title":"fib.py","time":{"start":1795246471160,"end":1795246471193}}}');
INSERT INTO part VALUES ('prt_1fd0738b60012ynTI4XSpBFiKS', 'msg_1fd07375e0012zxD4zp8ZFNE6R', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246471351, 1795246471353, '{"type":"patch","hash":"1ac73f0e356e89b49ef4a4f7dd90e6b95318b773","files":["/home/user/fib/fib.py"]}');
INSERT INTO message VALUES ('msg_1fd0738c0001QPacUCbglpdymI', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246471360, 1795246471608, '{"parentID":"msg_1fd07233d001VHcJZOilp1eVVs","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.000614,"tokens":{"total":1054,"input":404,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"mock-model","providerID":"mock","time":{"created":1795246471360,"completed":1795246471607},"finish":"tool-calls"}');
INSERT INTO part VALUES ('prt_1fd07392a001lGhaJgsDB4FpLp', 'msg_1fd0738c0001QPacUCbglpdymI', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246471466, 1795246471496, '{"type":"tool","tool":"read","callID":"call_e1","state":{"status":"error","input":{"filePath":"/home/user/fib/missing.py"},"error":"File not found: /home/user/fib/missing.py","time":{"start":1795246471472,"end":1795246471495}}}');
INSERT INTO message VALUES ('msg_1fd073a95001Pm9gpRdtYkOD58', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246471829, 1795246472090, '{"parentID":"msg_1fd07233d001VHcJZOilp1eVVs","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.000616,"tokens":{"total":1056,"input":406,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"mock-model","providerID":"mock","time":{"created":1795246471829,"completed":1795246472089},"finish":"tool-calls"}');
INSERT INTO part VALUES ('prt_1fd073b010012csQEOxOAlWTWo', 'msg_1fd073a95001Pm9gpRdtYkOD58', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246471938, 1795246471952, '{"type":"tool","tool":"invalid","callID":"call_g1","state":{"status":"completed","input":{"tool":"nosuchtool","error":"Model tried to call unavailable tool ''nosuchtool''."},"output":"The arguments provided to the tool are invalid: Model tried to call unavailable tool ''nosuchtool''.","metadata":{"truncated":false},"title":"Invalid Tool","time":{"start":1795246471946,"end":1795246471951}}}');
INSERT INTO message VALUES ('msg_1fd073cae0010OrKxsSiQ96Pqx', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246472366, 1795246473240, '{"parentID":"msg_1fd07233d001VHcJZOilp1eVVs","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.000618,"tokens":{"total":1058,"input":408,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"mock-model","providerID":"mock","time":{"created":1795246472366,"completed":1795246473239},"finish":"tool-calls"}');
INSERT INTO part VALUES ('prt_1fd073d54001OXvazN2n0IdA1H', 'msg_1fd073cae0010OrKxsSiQ96Pqx', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246472532, 1795246473169, '{"type":"tool","tool":"bash","callID":"call_i1","state":{"status":"completed","input":{"command":"sleep 5","description":"too slow","timeout":500},"output":"(no output)\n\n<shell_metadata>\nshell tool terminated command after exceeding timeout 500 ms. If this command is expected to take longer and is not waiting for interactive input, retry with a larger timeout value in milliseconds.\n</shell_metadata>","metadata":{"output":"(no output)\n\n<shell_metadata>\nshell tool terminated command after exceeding timeout 500 ms. If this command is expected to take longer and is not waiting for interactive input, retry with a larger timeout value in milliseconds.\n</shell_metadata>","exit":null,"truncated":false},"title":"sleep 5","time":{"start":1795246472541,"end":1795246473167}}}');
INSERT INTO message VALUES ('msg_1fd07401b001cvDcdAQ5OzAseN', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246473243, 1795246473494, '{"parentID":"msg_1fd07233d001VHcJZOilp1eVVs","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.000619,"tokens":{"total":1059,"input":409,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"mock-model","providerID":"mock","time":{"created":1795246473243,"completed":1795246473493},"finish":"tool-calls"}');
INSERT INTO part VALUES ('prt_1fd074080001FkhEgykTk5fvAn', 'msg_1fd07401b001cvDcdAQ5OzAseN', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795246473344, 1795246473362, '{"type":"tool","tool":"bash","callID":"call_j1","state":{"status":"error","input":{"command":"rm -rf /home/user/none","description":"not allowed"},"error":"The user rejected permission to use this specific tool call.","time":{"start":1795246473351,"end":1795246473361}}}');
INSERT INTO message VALUES ('msg_1fd11f97a0011XdXx6xLKhLyry', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247176058, 1795247180072, '{"role":"user","time":{"created":1795247176058},"agent":"build","model":{"providerID":"mock","modelID":"mock-model"},"summary":{"diffs":[]}}');
INSERT INTO part VALUES ('prt_1fd11f97d001YQBgo8224q2iJs', 'msg_1fd11f97a0011XdXx6xLKhLyry', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247176850, 1795247176852, '{"type":"text","text":"REST please go on"}');
INSERT INTO message VALUES ('msg_1fd120178001TZgD4Ng1zGSf3p', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247178104, 1795247179055, '{"parentID":"msg_1fd11f97a0011XdXx6xLKhLyry","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.000621,"tokens":{"total":1061,"input":411,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"mock-model","providerID":"mock","time":{"created":1795247178104,"completed":1795247179054},"finish":"tool-calls"}');
INSERT INTO part VALUES ('prt_1fd1201fc001yGcSVukl4wlpdj', 'msg_1fd120178001TZgD4Ng1zGSf3p', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247178236, 1795247178930, '{"type":"tool","tool":"task","callID":"call_l1","state":{"status":"completed","input":{"description":"look at fib","prompt":"SUB: read fib.py","subagent_type":"general"},"output":"<task id=\"ses_e02edfdfaffeeqIwE50A6jjf1H\" state=\"completed\">\n<task_result>\nIt is the Fibonacci function.\n</task_result>\n</task>","metadata":{"parentSessionId":"ses_e02f8deceffey1v4GfvE75bcjK","sessionId":"ses_e02edfdfaffeeqIwE50A6jjf1H","model":{"modelID":"mock-model","providerID":"mock"},"truncated":false},"title":"look at fib","time":{"start":1795247178250,"end":1795247178929}}}');
INSERT INTO message VALUES ('msg_1fd120820001y2j8AXkFmaiU9D', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247179808, 1795247180001, '{"parentID":"msg_1fd11f97a0011XdXx6xLKhLyry","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.000625,"tokens":{"total":1065,"input":415,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"mock-model","providerID":"mock","time":{"created":1795247179808,"completed":1795247179999},"finish":"stop"}');
INSERT INTO part VALUES ('prt_1fd1208810016gS7Jvl4R8XKAf', 'msg_1fd120820001y2j8AXkFmaiU9D', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247179905, 1795247179908, '{"type":"reasoning","text":"That is it.","time":{"start":1795247179905,"end":1795247179908}}');
INSERT INTO part VALUES ('prt_1fd120885001eO8Pj2nwTAqIJu', 'msg_1fd120820001y2j8AXkFmaiU9D', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247179909, 1795247179912, '{"type":"text","text":"All done: fib.py computes 55.","time":{"start":1795247179909,"end":1795247179912}}');
INSERT INTO message VALUES ('msg_1fd1220f2001Vk711e63iHDbTn', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247186162, 1795247186461, '{"role":"user","model":{"providerID":"mock","modelID":"mock-model"},"agent":"build","time":{"created":1795247186162},"summary":{"diffs":[]}}');
INSERT INTO part VALUES ('prt_1fd1220f7001Bb1jz0Vme3Uz89', 'msg_1fd1220f2001Vk711e63iHDbTn', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247186167, 1795247186168, '{"type":"compaction","auto":false}');
INSERT INTO message VALUES ('msg_1fd12210e001Y3CyAKIgIKRCot', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247186190, 1795247186365, '{"role":"assistant","parentID":"msg_1fd1220f2001Vk711e63iHDbTn","mode":"compaction","agent":"compaction","summary":true,"path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.00062,"tokens":{"total":1060,"input":410,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"mock-model","providerID":"mock","time":{"created":1795247186190,"completed":1795247186364},"finish":"stop"}');
INSERT INTO part VALUES ('prt_1fd122161001FbD3psMsOz6Mut', 'msg_1fd12210e001Y3CyAKIgIKRCot', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247186273, 1795247186277, '{"type":"text","text":"A fine title","time":{"start":1795247186273,"end":1795247186276}}');
INSERT INTO message VALUES ('msg_1fd12222a0013JmSzKzxruKIjs', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247186474, 1795247186476, '{"time":{"created":1795247186474},"role":"user","agent":"build","model":{"providerID":"mock","modelID":"mock-model"}}');
INSERT INTO part VALUES ('prt_1fd12222d001BDsc4PhfFe8Rnd', 'msg_1fd12222a0013JmSzKzxruKIjs', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247186477, 1795247186479, '{"type":"text","text":"The following tool was executed by the user","synthetic":true}');
INSERT INTO message VALUES ('msg_1fd122230001ITMErbi6joP2lp', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247186480, 1795247186520, '{"parentID":"msg_1fd12222a0013JmSzKzxruKIjs","mode":"build","agent":"build","cost":0,"path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"time":{"created":1795247186480,"completed":1795247186519},"role":"assistant","tokens":{"input":0,"output":0,"reasoning":0,"cache":{"read":0,"write":0}},"modelID":"mock-model","providerID":"mock"}');
INSERT INTO part VALUES ('prt_1fd122232001Ri5LgiK9usK2ka', 'msg_1fd122230001ITMErbi6joP2lp', 'ses_e02f8deceffey1v4GfvE75bcjK', 1795247186483, 1795247186522, '{"type":"tool","tool":"bash","callID":"01M7YH48HK6GX73DB4A21EYHS6","state":{"status":"completed","time":{"start":1795247186482,"end":1795247186519},"input":{"command":"echo from the user"},"title":"","metadata":{"output":"from the user\n"},"output":"from the user\n"}}');
INSERT INTO session VALUES ('ses_e02f8b4feffexn8rSD7A1M5GGM', '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567', NULL, NULL, 'cosmic-mountain', '/home/user/fib', '', 'A fine title', '1.18.33', NULL, 0, 0, 0, NULL, NULL, 0.002206, 1606, 120, 80, 2400, 0, NULL, '[{"permission":"question","pattern":"*","action":"deny"},{"permission":"plan_enter","pattern":"*","action":"deny"},{"permission":"plan_exit","pattern":"*","action":"deny"}]', 'build', '{"id":"gpt-5-mock","providerID":"mock","variant":"default"}', 1795246476033, 1795246481759, NULL, NULL);
INSERT INTO message VALUES ('msg_1fd074b7f0018d1atyruYBtEg0', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246476159, 1795246481603, '{"role":"user","time":{"created":1795246476159},"agent":"build","model":{"providerID":"mock","modelID":"gpt-5-mock"},"summary":{"diffs":[]}}');
INSERT INTO part VALUES ('prt_1fd074b89001GbsujbIdaiVMc3', 'msg_1fd074b7f0018d1atyruYBtEg0', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246478075, 1795246478079, '{"type":"text","text":"\"Please patch\""}');
INSERT INTO message VALUES ('msg_1fd07531c001gW4rKhao5csnIn', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246478108, 1795246480493, '{"parentID":"msg_1fd074b7f0018d1atyruYBtEg0","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.00055,"tokens":{"total":1050,"input":400,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"gpt-5-mock","providerID":"mock","time":{"created":1795246478108,"completed":1795246480491},"finish":"tool-calls"}');
INSERT INTO part VALUES ('prt_1fd075b61001Y81ljZh5JpX9gf', 'msg_1fd07531c001gW4rKhao5csnIn', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246480225, 1795246480228, '{"type":"step-start"}');
INSERT INTO part VALUES ('prt_1fd075b67001mbUBjuxKAY6N5n', 'msg_1fd07531c001gW4rKhao5csnIn', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246480231, 1795246480297, '{"type":"tool","tool":"apply_patch","callID":"call_p1","state":{"status":"completed","input":{"patchText":"*** Begin Patch\n*** Add File: notes/a.txt\n+one\n+two\n*** Update File: fib.py\n@@\n-print(fib(10))\n+print(fib(20))\n*** End Patch"},"output":"Success. Updated the following files:\nA notes/a.txt\nM fib.py","metadata":{"files":[{"filePath":"/home/user/fib/notes/a.txt","relativePath":"notes/a.txt","type":"add","patch":"Index: /home/user/fib/notes/a.txt\n===================================================================\n--- /home/user/fib/notes/a.txt\n+++ /home/user/fib/notes/a.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n","additions":2,"deletions":0},{"filePath":"/home/user/fib/fib.py","relativePath":"fib.py","type":"update","patch":"Index: /home/user/fib/fib.py\n===================================================================\n--- /home/user/fib/fib.py\n+++ /home/user/fib/fib.py\n@@ -3,5 +3,5 @@\n     for _ in range(n):\n         a, b = b, a + b\n     return a\n \n-print(fib(10))\n+print(fib(20))\n","additions":1,"deletions":1}],"diagnostics":{},"truncated":false},"title":"Success. Updated the following files:\nA notes/a.txt\nM fib.py","time":{"start":1795246480258,"end":1795246480294}}}');
INSERT INTO part VALUES ('prt_1fd075c11001ZiL9FlQBJZySiz', 'msg_1fd07531c001gW4rKhao5csnIn', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246480401, 1795246480403, '{"reason":"tool-calls","type":"step-finish","tokens":{"total":1050,"input":400,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"cost":0.00055}');
INSERT INTO part VALUES ('prt_1fd075c64001g9VUjV6BHxEBU4', 'msg_1fd07531c001gW4rKhao5csnIn', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246480484, 1795246480486, '{"type":"patch","hash":"ec7c4a44bca75bca2f41d0702894ce5de703e1e5","files":["/home/user/fib/fib.py","/home/user/fib/notes/a.txt"]}');
INSERT INTO message VALUES ('msg_1fd075c73001TncXKgFvwevimF', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246480499, 1795246480969, '{"parentID":"msg_1fd074b7f0018d1atyruYBtEg0","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.000551,"tokens":{"total":1051,"input":401,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"gpt-5-mock","providerID":"mock","time":{"created":1795246480499,"completed":1795246480967},"finish":"tool-calls"}');
INSERT INTO part VALUES ('prt_1fd075d0f001DJLZrEs08koSFf', 'msg_1fd075c73001TncXKgFvwevimF', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246480655, 1795246480657, '{"type":"step-start"}');
INSERT INTO part VALUES ('prt_1fd075d130012Qw9TzpyjIK13J', 'msg_1fd075c73001TncXKgFvwevimF', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246480659, 1795246480682, '{"type":"tool","tool":"apply_patch","callID":"call_p2","state":{"status":"completed","input":{"patchText":"*** Begin Patch\n*** Update File: notes/a.txt\n*** Move to: notes/b.txt\n@@\n-one\n+uno\n*** Delete File: gone.txt\n*** End Patch"},"output":"Success. Updated the following files:\nM notes/b.txt\nD gone.txt","metadata":{"files":[{"filePath":"/home/user/fib/notes/a.txt","relativePath":"notes/b.txt","type":"move","patch":"Index: /home/user/fib/notes/a.txt\n===================================================================\n--- /home/user/fib/notes/a.txt\n+++ /home/user/fib/notes/a.txt\n@@ -1,2 +1,2 @@\n-one\n+uno\n two\n","additions":1,"deletions":1,"movePath":"/home/user/fib/notes/b.txt"},{"filePath":"/home/user/fib/gone.txt","relativePath":"gone.txt","type":"delete","patch":"Index: /home/user/fib/gone.txt\n===================================================================\n--- /home/user/fib/gone.txt\n+++ /home/user/fib/gone.txt\n@@ -1,1 +0,0 @@\n-gone\n","additions":0,"deletions":2}],"diagnostics":{},"truncated":false},"title":"Success. Updated the following files:\nM notes/b.txt\nD gone.txt","time":{"start":1795246480667,"end":1795246480679}}}');
INSERT INTO part VALUES ('prt_1fd075ddc0015DEAqdoTZuddtm', 'msg_1fd075c73001TncXKgFvwevimF', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246480860, 1795246480862, '{"reason":"tool-calls","type":"step-finish","tokens":{"total":1051,"input":401,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"cost":0.000551}');
INSERT INTO part VALUES ('prt_1fd075e3f001hYvZwMqlUoyBAI', 'msg_1fd075c73001TncXKgFvwevimF', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246480960, 1795246480963, '{"type":"patch","hash":"e60464c1f76bc5251ab39264d755589b1733e015","files":["/home/user/fib/gone.txt","/home/user/fib/notes/b.txt"]}');
INSERT INTO message VALUES ('msg_1fd075e50001OL5ps3rzB9dHBb', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246480976, 1795246481412, '{"parentID":"msg_1fd074b7f0018d1atyruYBtEg0","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.000552,"tokens":{"total":1052,"input":402,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"gpt-5-mock","providerID":"mock","time":{"created":1795246480976,"completed":1795246481410},"finish":"tool-calls"}');
INSERT INTO part VALUES ('prt_1fd075f070010E9bD7BJCRPN6y', 'msg_1fd075e50001OL5ps3rzB9dHBb', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246481160, 1795246481161, '{"type":"step-start"}');
INSERT INTO part VALUES ('prt_1fd075f0b001qqoQrCOMvUwBxh', 'msg_1fd075e50001OL5ps3rzB9dHBb', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246481163, 1795246481182, '{"type":"tool","tool":"apply_patch","callID":"call_p3","state":{"status":"error","input":{"patchText":"*** Begin Patch\n*** Update File: nowhere.txt\n@@\n-one\n+uno\n*** End Patch"},"error":"apply_patch verification failed: Failed to read file to update: /home/user/fib/nowhere.txt","time":{"start":1795246481170,"end":1795246481178}}}');
INSERT INTO part VALUES ('prt_1fd075fab00108zfECXqVm5p65', 'msg_1fd075e50001OL5ps3rzB9dHBb', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246481323, 1795246481324, '{"reason":"tool-calls","type":"step-finish","tokens":{"total":1052,"input":402,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"cost":0.000552}');
INSERT INTO message VALUES ('msg_1fd0760080010m2hLnoEuHs0pw', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246481416, 1795246481734, '{"parentID":"msg_1fd074b7f0018d1atyruYBtEg0","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.000553,"tokens":{"total":1053,"input":403,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"gpt-5-mock","providerID":"mock","time":{"created":1795246481416,"completed":1795246481732},"finish":"stop"}');
INSERT INTO part VALUES ('prt_1fd076074001iiJqbzwGWzT4hC', 'msg_1fd0760080010m2hLnoEuHs0pw', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246481524, 1795246481526, '{"type":"step-start"}');
INSERT INTO part VALUES ('prt_1fd07607a0012lqJHICs9dffxG', 'msg_1fd0760080010m2hLnoEuHs0pw', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246481530, 1795246481535, '{"type":"text","text":"Patched.","time":{"start":1795246481530,"end":1795246481534}}');
INSERT INTO part VALUES ('prt_1fd0760ef001kaA6EmdL34dgXZ', 'msg_1fd0760080010m2hLnoEuHs0pw', 'ses_e02f8b4feffexn8rSD7A1M5GGM', 1795246481648, 1795246481649, '{"reason":"stop","type":"step-finish","tokens":{"total":1053,"input":403,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"cost":0.000553}');
INSERT INTO session VALUES ('ses_e02edfdfaffeeqIwE50A6jjf1H', '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567', NULL, 'ses_e02f8deceffey1v4GfvE75bcjK', 'playful-sailor', '/home/user/fib', '', 'look at fib (@general subagent)', '1.18.33', NULL, 0, 0, 0, NULL, NULL, 0.0012209999999999999, 801, 60, 40, 1200, 0, NULL, NULL, 'general', '{"id":"mock-model","providerID":"mock","variant":"default"}', 1795247178245, 1795247178949, NULL, NULL);
INSERT INTO message VALUES ('msg_1fd1202100010dQXAaVlgzXKy4', 'ses_e02edfdfaffeeqIwE50A6jjf1H', 1795247178257, 1795247179148, '{"role":"user","time":{"created":1795247178257},"agent":"general","model":{"providerID":"mock","modelID":"mock-model"},"summary":{"diffs":[]}}');
INSERT INTO part VALUES ('prt_1fd120217001E4WNZffD79XdcC', 'msg_1fd1202100010dQXAaVlgzXKy4', 'ses_e02edfdfaffeeqIwE50A6jjf1H', 1795247178265, 1795247178266, '{"type":"text","text":"SUB: read fib.py"}');
INSERT INTO message VALUES ('msg_1fd12022700129krNvX54Rq6P1', 'ses_e02edfdfaffeeqIwE50A6jjf1H', 1795247178279, 1795247178590, '{"parentID":"msg_1fd1202100010dQXAaVlgzXKy4","role":"assistant","mode":"general","agent":"general","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.00061,"tokens":{"total":1050,"input":400,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"mock-model","providerID":"mock","time":{"created":1795247178279,"completed":1795247178589},"finish":"tool-calls"}');
INSERT INTO part VALUES ('prt_1fd1202b8001492F7vnR5UFqfy', 'msg_1fd12022700129krNvX54Rq6P1', 'ses_e02edfdfaffeeqIwE50A6jjf1H', 1795247178424, 1795247178477, '{"type":"tool","tool":"read","callID":"call_s1","state":{"status":"completed","input":{"filePath":"/home/user/fib/fib.py"},"output":"<path>/home/user/fib/fib.py</path>\n<type>file</type>\n<content>\n1: def fib(n):\n2:     a, b = 0, 1\n3:     for _ in range(n):\n4:         a, b = b, a + b\n5:     return a\n6: \n7: print(fib(20))\n\n(End of file - total 7 lines)\n</content>","metadata":{"truncated":false,"loaded":[]},"title":"fib.py","time":{"start":1795247178434,"end":1795247178474}}}');
INSERT INTO message VALUES ('msg_1fd120366001CBXNNfBTO3alvj', 'ses_e02edfdfaffeeqIwE50A6jjf1H', 1795247178598, 1795247178910, '{"parentID":"msg_1fd1202100010dQXAaVlgzXKy4","role":"assistant","mode":"general","agent":"general","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0.000611,"tokens":{"total":1051,"input":401,"output":30,"reasoning":20,"cache":{"write":0,"read":600}},"modelID":"mock-model","providerID":"mock","time":{"created":1795247178598,"completed":1795247178909},"finish":"stop"}');
INSERT INTO part VALUES ('prt_1fd1203ed001Gehd8hAbBleK3o', 'msg_1fd120366001CBXNNfBTO3alvj', 'ses_e02edfdfaffeeqIwE50A6jjf1H', 1795247178733, 1795247178743, '{"type":"text","text":"It is the Fibonacci function.","time":{"start":1795247178733,"end":1795247178741}}');
INSERT INTO session VALUES ('ses_e02edf711ffedUo5kvtTtF7o1D', '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567', NULL, NULL, 'brave-island', '/home/user/fib', '', 'A fine title', '1.18.33', NULL, 0, 0, 0, NULL, NULL, 0.0, 0, 0, 0, 0, 0, NULL, NULL, 'build', '{"id":"slow","providerID":"mock","variant":"default"}', 1795247180015, 1795247180136, NULL, NULL);
INSERT INTO message VALUES ('msg_1fd1209030014QpRFOEHh2Z4uQ', 'ses_e02edf711ffedUo5kvtTtF7o1D', 1795247180035, 1795247180142, '{"role":"user","time":{"created":1795247180035},"agent":"build","model":{"providerID":"mock","modelID":"slow"},"summary":{"diffs":[]}}');
INSERT INTO part VALUES ('prt_1fd120906001KkjGX8rKq56cYQ', 'msg_1fd1209030014QpRFOEHh2Z4uQ', 'ses_e02edf711ffedUo5kvtTtF7o1D', 1795247180044, 1795247180044, '{"type":"text","text":"be slow"}');
INSERT INTO message VALUES ('msg_1fd120919001O1z90lgrfWTPrT', 'ses_e02edf711ffedUo5kvtTtF7o1D', 1795247180057, 1795247186140, '{"parentID":"msg_1fd1209030014QpRFOEHh2Z4uQ","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0,"tokens":{"input":0,"output":0,"reasoning":0,"cache":{"read":0,"write":0}},"modelID":"slow","providerID":"mock","time":{"created":1795247180057,"completed":1795247186139},"error":{"name":"MessageAbortedError","data":{"message":"Aborted"}}}');
INSERT INTO part VALUES ('prt_1fd120990001pPeghinqgRoztL', 'msg_1fd120919001O1z90lgrfWTPrT', 'ses_e02edf711ffedUo5kvtTtF7o1D', 1795247180176, 1795247186053, '{"type":"tool","tool":"bash","callID":"call_s1","state":{"status":"completed","input":{"command":"sleep 60","description":"long"},"output":"(no output)\n\n<shell_metadata>\nUser aborted the command\n</shell_metadata>","metadata":{"output":"(no output)\n\n<shell_metadata>\nUser aborted the command\n</shell_metadata>","exit":null,"truncated":false},"title":"sleep 60","time":{"start":1795247180183,"end":1795247186050}}}');
INSERT INTO session VALUES ('ses_e02f892f6ffeqZXT72p6ha0B3m', '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567', NULL, NULL, 'kind-harbor', '/home/user/fib', '', 'A fine title', '1.18.33', NULL, 0, 0, 0, NULL, NULL, 0.0, 0, 0, 0, 0, 0, NULL, NULL, 'build', '{"id":"fails","providerID":"mock","variant":"default"}', 1795246484746, 1795246486611, NULL, NULL);
INSERT INTO message VALUES ('msg_1fd076d97001kbkC970t1zlyKo', 'ses_e02f892f6ffeqZXT72p6ha0B3m', 1795246484887, 1795246486629, '{"role":"user","time":{"created":1795246484887},"agent":"build","model":{"providerID":"mock","modelID":"fails"},"summary":{"diffs":[]}}');
INSERT INTO part VALUES ('prt_1fd076da7001ecj1fBEgLENzgV', 'msg_1fd076d97001kbkC970t1zlyKo', 'ses_e02f892f6ffeqZXT72p6ha0B3m', 1795246486340, 1795246486344, '{"type":"text","text":"\"Please fail\""}');
INSERT INTO message VALUES ('msg_1fd077366001O5LNZS3zcrF3Qn', 'ses_e02f892f6ffeqZXT72p6ha0B3m', 1795246486374, 1795246488124, '{"parentID":"msg_1fd076d97001kbkC970t1zlyKo","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/user/fib","root":"/home/user/fib"},"cost":0,"tokens":{"input":0,"output":0,"reasoning":0,"cache":{"read":0,"write":0}},"modelID":"fails","providerID":"mock","time":{"created":1795246486374,"completed":1795246488122},"error":{"name":"APIError","data":{"message":"the model is not there","statusCode":400,"isRetryable":false,"metadata":{"url":"http://127.0.0.1:18199/v1/chat/completions"}}}}');
INSERT INTO todo VALUES ('ses_e02f8deceffey1v4GfvE75bcjK', 'write fib', 'completed', 'high', 0, 1795247178022, 1795247178022);
INSERT INTO credential VALUES ('cred_1', NULL, 'planted', 'never-to-be-read', NULL, NULL, 1, 0, 0);
INSERT INTO account VALUES ('acc_1', 'user@example.com', 'https://example.com', 'never-to-be-read', 'never-to-be-read', NULL, 0, 0);
