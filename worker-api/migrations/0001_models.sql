CREATE TABLE `channels` (
	`org_id` text NOT NULL,
	`name` text NOT NULL,
	`counter` integer NOT NULL,
	`percent` integer NOT NULL,
	`changed` integer NOT NULL,
	`user_id` text NOT NULL,
	PRIMARY KEY(`org_id`, `name`),
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`org_id`,`counter`) REFERENCES `releases`(`org_id`,`counter`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `releases` (
	`org_id` text NOT NULL,
	`counter` integer NOT NULL,
	`model_id` text NOT NULL,
	`version` text NOT NULL,
	`envelope` text NOT NULL,
	`manifest` text NOT NULL,
	`expires` integer NOT NULL,
	`published` integer NOT NULL,
	`user_id` text NOT NULL,
	PRIMARY KEY(`org_id`, `counter`),
	FOREIGN KEY (`org_id`) REFERENCES `orgs`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `releases_version` ON `releases` (`org_id`,`version`);