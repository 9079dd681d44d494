"""Names of fields and values, as in Meta's own SDK (`facebook-business` 26.0.3, Graph API v26.0, read 2026-11-24).

`tasks` of a page in `/me/accounts` stands in Meta's page "Pages API overview", the fields of a message in
"Conversations API" (read 2026-11-23); neither is in the SDK.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PAGE = _words(
    """
    about access_token ad_campaign affiliation app_id artists_we_like attire available_promo_offer_ids awards
    band_interests band_members best_page bio birthday booking_agent breaking_news_usage built business
    can_checkin can_post category category_list checkins company_overview connected_instagram_account
    connected_page_backed_instagram_account contact_address copyright_attribution_insights
    copyright_whitelisted_ig_partners country_page_likes cover culinary_team current_location
    delivery_and_pickup_option_info description description_html differently_open_offerings directed_by
    display_subtext displayed_message_response_time does_viewer_have_page_permission_link_ig emails engagement
    fan_count featured_video features followers_count food_styles founded general_info general_manager genre
    global_brand_page_name global_brand_root_id has_added_app has_lead_access
    has_transitioned_to_new_page_experience has_whatsapp_business_number has_whatsapp_number hometown hours id
    impressum influences instagram_business_account is_always_open is_calling_eligible is_chain is_community_page
    is_eligible_for_branded_content is_eligible_for_disable_connect_ig_btn_for_non_page_admin_am_web
    is_messenger_bot_get_started_enabled is_messenger_platform_bot is_owned is_permanently_closed is_published
    is_unclaimed is_verified is_webhooks_subscribed keywords leadgen_tos_acceptance_time leadgen_tos_accepted
    leadgen_tos_accepting_user link location members merchant_id merchant_review_status messaging_feature_status
    messenger_ads_default_icebreakers messenger_ads_default_quick_replies messenger_ads_quick_replies_type
    mini_shop_storefront mission mpg name name_with_location_descriptor network new_like_count offer_eligible
    overall_star_rating owner_business page_backed_threads_account_id page_token parent_page parking
    payment_options personal_info personal_interests pharma_safety_info phone pickup_options place_type
    plot_outline preferred_audience press_contact price_range priority_hours privacy_info_url produced_by products
    promotion_eligible promotion_ineligible_reason public_transit rating_count recipient record_label release_date
    restaurant_services restaurant_specialties schedule screenplay_by season single_line_address starring
    start_info store_code store_location_descriptor store_number studio supports_donate_button_in_live_video
    talking_about_count temporary_status unread_message_count unread_notif_count unseen_message_count
    user_access_expire_time username verification_status voip_info website were_here_count whatsapp_number
    written_by
    """
)
POST = _words(
    """
    actions admin_creator allowed_advertising_objectives application backdated_time call_to_action
    can_reply_privately child_attachments comments_mirroring_domain coordinates created_time event expanded_height
    expanded_width feed_targeting from full_picture height icon id instagram_eligibility is_app_share
    is_eligible_for_dark_post is_eligible_for_promotion is_expired is_fb_live_videos is_hidden is_inline_created
    is_instagram_eligible is_live_clip is_popular is_published is_spherical message message_tags
    multi_share_end_card multi_share_optimized parent_id permalink_url picture place privacy promotable_id
    promotion_status properties scheduled_publish_time shares status_type story story_tags subscribed target
    targeting timeline_visibility updated_time via video_buying_eligibility was_fb_live_videos width
    """
)
COMMENT = _words(
    """
    admin_creator application attachment can_comment can_hide can_like can_remove can_reply_privately
    comment_count created_time from id is_hidden is_private like_count live_broadcast_timestamp message
    message_tags object parent permalink_url private_reply_conversation user_likes
    """
)
PROFILE = _words(
    """
    can_post id link name pic pic_crop pic_large pic_small pic_square profile_type username
    """
)
USER = _words(
    """
    about age_range birthday client_business_id community cover currency education email favorite_athletes
    favorite_teams first_name gender hometown id inspirational_people install_type installed is_guest_user
    is_work_account languages last_name link local_news_megaphone_dismiss_status local_news_subscription_status
    locale location meeting_for middle_name name name_format payment_pricepoints political profile_pic quotes
    relationship_status religion shared_login_upgrade_required_by short_name significant_other sports
    supports_donate_button_in_live_video third_party_id timezone token_for_business updated_time verified
    video_upload_limits website
    """
)
THREAD = _words(
    """
    can_reply folder former_participants id is_owner is_subscribed link linked_group message_count name
    participants scoped_thread_key senders snippet unread_count updated_time wallpaper
    """
)
RECOMMENDATION = _words(
    """
    created_time has_rating has_review open_graph_story rating recommendation_type review_text reviewer
    """
)
MESSAGE = frozenset({"id", "created_time", "from", "to", "message", "attachments", "reply_to"})
PARTICIPANT = frozenset({"id", "name", "email"})
REACTIONS = frozenset(
    {"ANGRY", "CARE", "FIRE", "HAHA", "HUNDRED", "LIKE", "LOVE", "NONE", "PRIDE", "SAD", "THANKFUL", "WOW"}
)
SUBSCRIBED_FIELDS = _words(
    """
    affiliation agent_messages agent_questions attire awards bio birthday business_integrity call_permission_reply
    call_settings_update calls category checkins comment_poll_response company_overview conversations
    culinary_team current_location description email feature_access_list feed follow founded general_info
    general_manager group_feed hometown hours inbox_labels invalid_topic_placeholder
    invoice_access_bank_slip_events invoice_access_invoice_change invoice_access_invoice_draft_change
    invoice_access_onboarding_status_active leadgen leadgen_fat leadgen_update live_videos local_delivery location
    marketing_message_clicks marketing_message_deliveries marketing_message_delivery_failed
    marketing_message_echoes marketing_message_reads marketing_messages_subscriber_upload_status
    mcom_invoice_change members mention merchant_review message_context message_deliveries message_echoes
    message_edits message_mention message_reactions message_reads message_template_status_update messages
    messaging_account_linking messaging_appointments messaging_checkout_updates messaging_customer_information
    messaging_direct_sends messaging_fblogin_account_linking messaging_feedback messaging_game_plays
    messaging_handovers messaging_in_thread_lead_form_submit messaging_integrity messaging_optins
    messaging_optouts messaging_payments messaging_policy_enforcement messaging_postbacks messaging_pre_checkouts
    messaging_referrals mission name page_about_story page_change_proposal page_upcoming_change parking
    payment_options payment_request_update personal_info personal_interests phone picture price_range
    product_review products public_transit publisher_subscriptions ratings registration response_feedback
    send_cart standby story_poll_response story_share user_action video_text_question_responses videos website
    """
)

FILTERS = frozenset({"stream", "toplevel"})
LIVE_FILTERS = frozenset({"filter_low_quality", "no_filter"})
ORDERS = frozenset({"chronological", "reverse_chronological"})
MESSAGING_APPS = frozenset({"INSTAGRAM", "MESSENGER"})
