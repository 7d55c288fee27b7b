CREATE TABLE `selector_packs` (
	`org_id` text NOT NULL,
	`counter` integer NOT NULL,
	`envelope` text NOT NULL,
	`published` integer NOT NULL,
	`user_id` text NOT NULL,
	PRIMARY KEY(`org_id`, `counter`),
	FOREIGN KEY (`org_id`) REFERENCES `orgs`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
