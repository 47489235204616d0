"""gcp: which role holds a permission, and the command that grants it."""

import shlex

ACT_AS = "iam.serviceAccounts.actAs"
# The least role that holds a permission, as in Google's IAM documentation of each product.
ROLES = {
    "run.services.list": "roles/run.viewer",
    "run.services.get": "roles/run.viewer",
    "run.revisions.list": "roles/run.viewer",
    "run.revisions.get": "roles/run.viewer",
    "run.operations.get": "roles/run.viewer",
    "run.locations.list": "roles/run.viewer",
    "run.services.create": "roles/run.developer",
    "run.services.update": "roles/run.developer",
    "run.revisions.delete": "roles/run.developer",
    "run.builds.create": "roles/run.sourceDeveloper",
    "run.routes.invoke": "roles/run.invoker",
    ACT_AS: "roles/iam.serviceAccountUser",
    "iam.serviceAccounts.getAccessToken": "roles/iam.serviceAccountTokenCreator",
    "iam.serviceAccounts.getOpenIdToken": "roles/iam.serviceAccountOpenIdTokenCreator",
    "logging.logEntries.list": "roles/logging.viewer",
    "cloudbuild.builds.get": "roles/cloudbuild.builds.viewer",
    "cloudbuild.builds.list": "roles/cloudbuild.builds.viewer",
    "cloudbuild.builds.update": "roles/cloudbuild.builds.editor",
    "datastore.entities.get": "roles/datastore.viewer",
    "datastore.entities.list": "roles/datastore.viewer",
    "datastore.entities.delete": "roles/datastore.user",
    "storage.buckets.create": "roles/storage.admin",
    "storage.buckets.get": "roles/storage.bucketViewer",
    "storage.buckets.list": "roles/storage.bucketViewer",
    "storage.objects.create": "roles/storage.objectUser",
    "storage.objects.get": "roles/storage.objectViewer",
    "artifactregistry.repositories.get": "roles/artifactregistry.reader",
    "artifactregistry.repositories.create": "roles/artifactregistry.admin",
    "serviceusage.services.get": "roles/serviceusage.serviceUsageViewer",
    "serviceusage.services.list": "roles/serviceusage.serviceUsageViewer",
    "serviceusage.services.use": "roles/serviceusage.serviceUsageConsumer",
}
# What it takes to make tokens of a service account.
ACTING = ("iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken")


def grant(role: str, member: str, *, project: str = "", service_account: str = "") -> str:
    """Return the command that gives `member` the role: on the service account where one is named, else on the project."""
    target = ["iam", "service-accounts"] if service_account else ["projects"]
    name = service_account or project
    binding = [f"--member={member or 'user:YOUR_ACCOUNT'}", f"--role={role}"]
    return shlex.join(["gcloud", *target, "add-iam-policy-binding", name, *binding])


def missing(permission: str, member: str, project: str, service_account: str = "") -> tuple[str, str]:
    """Say that `member` lacks a permission, on the service account where one is named; and the way to get it."""
    where = f"service account {service_account}" if service_account else f"project {project}"
    sentence = f"You lack {permission} on {where}"
    role = ROLES.get(permission)
    if role is None:
        return f"{sentence}.", "Ask an administrator of the project for a role that holds it."
    return (
        f"{sentence}; {role} has it.",
        grant(role, member, project=project, service_account=service_account),
    )
