"""The channels. Importing this fills the registry."""

from dougong.notify.channels import dingtalk, inside, mail, webhook
from dougong.notify.channels.base import channels

__all__ = ["channels", "dingtalk", "inside", "mail", "webhook"]
